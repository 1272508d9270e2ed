"""What `make bench` runs: ratios inside one run, never a bare time."""
