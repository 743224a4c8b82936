"""What is made of a results folder for people and for other programs: a page, a summary, a list of test cases.

Made when the verdict stands already, from what lies in the folder, so that a run and `jupyter rtc-locust report` make
the same. Pure but for reading the folder and writing into it: neither Locust nor sockets nor clocks.
"""
