"""The receiver's DNS name and TLS certificate, one module for each place that it runs in."""
