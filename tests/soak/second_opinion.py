import sys
print("there is no evidence")
sys.exit(2)
