"""The post office: messages waiting to go, and the worker that sends them."""
