"""Where the figures will stand at the end of a period: from what is on the calendar plus the past rate.

`sources` reads what is scheduled, `estimating` is arithmetic without a database, `backtest` asks how
wrong the same arithmetic would have been on past periods, `jobs` writes a forecast a night, pages read it.
"""
