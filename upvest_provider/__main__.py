"""`python -m upvest_provider`: the same as `upvest-webhooks`."""

from .cli import main

if __name__ == "__main__":
    main()
