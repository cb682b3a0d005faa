"""Host tools: data, training, device link, comparison and reports."""
