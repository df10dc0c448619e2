-- A sign-in whose answer was lost in a database failover is repeated with the id that it renamed: the row that says so must survive the failover.
ALTER TABLE "session_ended" SET LOGGED;
