"""The packages of the system, one folder per domain. `ARCHITECTURE.md` has the table of floors."""
