# The README's commands. On a system without make: python tasks.py course | test | lab
RIGHT = import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))
PYTHON ?= $(or $(shell for p in python3 python python3.13 python3.12 python3.11; do \
  $$p -c '$(RIGHT)' 2>/dev/null && echo $$p && break; done),python3)

.PHONY: course test lab setup
course test lab setup:
	@$(PYTHON) tasks.py $@
