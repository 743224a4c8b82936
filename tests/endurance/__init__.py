"""A run of an hour: does the load generator's memory stay flat, and is the verdict a pass?"""
