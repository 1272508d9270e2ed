"""Floor 5: laboratories of research bodies, their meetings with companies, and agreements."""
