-- Forgets the files of the load before, in the transaction that notes the new ones.
-- Safe to repeat: yes.
DELETE FROM metadata_files
