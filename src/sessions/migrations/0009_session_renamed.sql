-- The id that took its place, where it was renamed: a sign-out which was under way with the old one ends the session all the same.
ALTER TABLE "session_ended" ADD COLUMN IF NOT EXISTS "renamed" varchar;
