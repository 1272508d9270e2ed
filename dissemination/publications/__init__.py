"""Floor 5: papers, reports and foresight: entered or imported, published, cited, found."""
