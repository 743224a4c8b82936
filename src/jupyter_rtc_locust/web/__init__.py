"""What a browser is shown beside Locust's own: groups in the form, the tab, the live page, the results of the last run.

`pages.py` alone meets Flask. The others are functions of data; what a run is like at the moment is handed in as the
picture that `live.json` tells.
"""
