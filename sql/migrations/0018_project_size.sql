-- Events look facts up by key, in plans that are made once for all projects. The planner takes each project to have an average share of the rows; where
-- most are small it has all of a project read rather than a key looked up, which is slow in the one that is large. Told that there is one
-- project, it plans for the largest that ANALYZE has seen, which costs a small one nothing. Other tables are read by the project too, for reports.
ALTER TABLE affiliate_private.customer_identity ALTER COLUMN project_id SET (n_distinct = 1);
ALTER TABLE affiliate_private.evidence ALTER COLUMN project_id SET (n_distinct = 1);
ALTER TABLE affiliate_private.payment_link ALTER COLUMN project_id SET (n_distinct = 1);
ALTER TABLE affiliate_private.refund ALTER COLUMN project_id SET (n_distinct = 1);
ALTER TABLE affiliate_private.sale ALTER COLUMN project_id SET (n_distinct = 1);
ALTER TABLE affiliate_private.subscription ALTER COLUMN project_id SET (n_distinct = 1);
