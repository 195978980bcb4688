"""The stand-in for AWS as this project wants it: names from conf, programs from here."""
