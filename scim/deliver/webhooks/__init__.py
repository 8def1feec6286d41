"""Webhooks: signed POSTs in the format of Standard Webhooks."""
