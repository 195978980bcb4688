-- One load at a time, until its transaction ends; readers go on.
-- Safe to repeat: yes.
LOCK TABLE metadata_version IN SHARE ROW EXCLUSIVE MODE
