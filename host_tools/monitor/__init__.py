"""Watching of devices: history, events, a page in the browser, and alarms for others."""
