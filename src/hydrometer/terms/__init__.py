"""Licences and terms as dated data files, and the gate that reads them."""
