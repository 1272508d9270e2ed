"""Floor 7: applications for funding with their dated states; what could fit which company, and why."""
