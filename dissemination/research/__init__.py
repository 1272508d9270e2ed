"""Floor 5: laboratories of research bodies, meetings between a company and a laboratory, their agreements."""
