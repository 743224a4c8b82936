"""Runs beside other runs: is one version better or worse than another, or can nobody tell?"""
