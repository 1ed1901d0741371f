"""What Upvest's API does where its documents are silent, and whether it does what they say: `make conformance`."""
