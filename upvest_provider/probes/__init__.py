"""Is an endpoint ready? DNS, TLS and HTTP, observed from this machine and judged."""
