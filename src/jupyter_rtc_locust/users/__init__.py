"""The rim: connections on gevent's loop, and the Locust users people subclass."""
