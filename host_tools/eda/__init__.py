"""Exploratory data analysis of logs: statistics, correlations, gaps and drift in bounded memory."""
