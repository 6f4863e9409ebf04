-- Visits and sign-ups that a project's pages report, how long details are kept, and the key under which people are forgotten.

CREATE TABLE affiliate_private.visit (
  project_id     bigint      NOT NULL,
  visit_id       bigint      GENERATED ALWAYS AS IDENTITY,
  kind           text        NOT NULL,
  affiliate_id   bigint      NOT NULL,
  visited_at     timestamptz NOT NULL DEFAULT clock_timestamp(),
  ip_hash        bytea,
  visitor_hash   bytea,
  ignored_reason text,
  CONSTRAINT visit_pkey PRIMARY KEY (project_id, visit_id),
  CONSTRAINT visit_kind_check CHECK (kind IN ('click', 'signup')),
  CONSTRAINT visit_ignored_reason_check CHECK (ignored_reason IN ('bot', 'repeat'))
);
CREATE INDEX visit_visitor_idx ON affiliate_private.visit (project_id, visitor_hash, affiliate_id, visited_at) WHERE kind = 'click' AND ignored_reason IS NULL;
COMMENT ON TABLE affiliate_private.visit IS 'Clicks on affiliates'' links and sign-ups from browsers, append-only until they are pruned into visit_day. No address, email or browser name is kept.';
COMMENT ON COLUMN affiliate_private.visit.ip_hash IS 'HMAC of the IP address under the project''s hash key; NULL where none was told.';
COMMENT ON COLUMN affiliate_private.visit.visitor_hash IS 'HMAC of IP address and user agent under the project''s hash key: what repeats are known by; NULL where neither was told.';
COMMENT ON COLUMN affiliate_private.visit.ignored_reason IS 'Why it does not count: bot (by its user agent) or repeat (within the project''s window); NULL where it counts.';

CREATE TABLE affiliate_private.visit_day (
  project_id   bigint NOT NULL,
  affiliate_id bigint NOT NULL,
  day          date   NOT NULL,
  clicks       bigint NOT NULL,
  CONSTRAINT visit_day_pkey PRIMARY KEY (project_id, affiliate_id, day)
);
COMMENT ON TABLE affiliate_private.visit_day IS 'Counted clicks of days, or parts of days, whose visits have been pruned.';
COMMENT ON COLUMN affiliate_private.visit_day.day IS 'UTC day.';

CREATE TABLE affiliate_private.data_policy (
  project_id            bigint  NOT NULL,
  hash_key              text    NOT NULL,
  event_body_days       integer,
  webhook_days          integer,
  visit_days            integer,
  repeat_window_minutes integer NOT NULL,
  pruned_event_id         bigint NOT NULL DEFAULT 0,
  pruned_webhook_event_id bigint NOT NULL DEFAULT 0,
  CONSTRAINT data_policy_pkey PRIMARY KEY (project_id),
  CONSTRAINT data_policy_project_fkey FOREIGN KEY (project_id) REFERENCES affiliate_private.project (project_id),
  CONSTRAINT data_policy_hash_key_check CHECK (length(hash_key) >= 32),
  CONSTRAINT data_policy_days_check CHECK (least(event_body_days, webhook_days, visit_days) >= 1),
  CONSTRAINT data_policy_repeat_window_minutes_check CHECK (repeat_window_minutes BETWEEN 0 AND 525600)
);
COMMENT ON TABLE affiliate_private.data_policy IS 'How long a project keeps details, and the key it hashes personal data with. Made when it is first needed.';
COMMENT ON COLUMN affiliate_private.data_policy.hash_key IS 'Secret of the keyed hashes of IP addresses, visitors and erased emails; never readable by analysts.';
COMMENT ON COLUMN affiliate_private.data_policy.event_body_days IS 'After how many days the raw body of a provider event is emptied; NULL for never. Its key, outcome and facts stay.';
COMMENT ON COLUMN affiliate_private.data_policy.webhook_days IS 'After how many days the body of a settled webhook event is emptied and its attempts are deleted; NULL for never.';
COMMENT ON COLUMN affiliate_private.data_policy.visit_days IS 'After how many days visits become counts by day; NULL for never.';
COMMENT ON COLUMN affiliate_private.data_policy.pruned_event_id IS 'The provider event up to which bodies have been emptied, so that no index has to find the others.';
COMMENT ON COLUMN affiliate_private.data_policy.pruned_webhook_event_id IS 'The webhook event up to which bodies have been emptied.';
COMMENT ON COLUMN affiliate_private.data_policy.repeat_window_minutes IS 'Within how many minutes another click of the same visitor on links of the same affiliate is a repeat.';

ALTER TABLE affiliate_private.provider_event ADD COLUMN body_removed text,
  ADD CONSTRAINT provider_event_body_removed_check CHECK (body_removed IS NULL OR body_removed IN ('pruned', 'erased') AND length(body) = 0);
COMMENT ON COLUMN affiliate_private.provider_event.body_removed IS 'Why the body is empty: pruned by retention, or erased with a person''s data. Such an event cannot be replayed.';

CREATE TABLE affiliate_private.job_run (
  job_name text        NOT NULL,
  ran_at   timestamptz NOT NULL,
  done     bigint      NOT NULL,
  CONSTRAINT job_run_pkey PRIMARY KEY (job_name)
);
COMMENT ON TABLE affiliate_private.job_run IS 'When each job last ran, whoever ran it: gateways leave alone what has run within the minute.';
COMMENT ON COLUMN affiliate_private.job_run.done IS 'How many rows it dealt with.';

-- Lines of a file on their way in, gone with the batch they came in.
CREATE UNLOGGED TABLE affiliate_private.import_line (
  project_id bigint NOT NULL,
  import_id  bigint NOT NULL,
  line_no    bigint NOT NULL,
  fields     jsonb  NOT NULL
);
COMMENT ON TABLE affiliate_private.import_line IS 'Lines of CSV files being imported, as objects of the documented column names.';
COMMENT ON COLUMN affiliate_private.import_line.import_id IS 'Drawn by whoever imports, so that two imports do not meet.';

CREATE UNLOGGED TABLE affiliate_private.import_sale (
  project_id       bigint      NOT NULL,
  import_id        bigint      NOT NULL,
  line_no          bigint      NOT NULL,
  sale_id          bigint      NOT NULL,
  provider         text        NOT NULL,
  sale_key         text        NOT NULL,
  type             text        NOT NULL,
  email            text        NOT NULL,
  email_key        text        NOT NULL,
  affiliate_id     bigint      NOT NULL,
  occurred_at      timestamptz NOT NULL,
  base_minor       bigint      NOT NULL,
  value_minor      bigint,
  refunded_minor   bigint      NOT NULL,
  paid             boolean     NOT NULL,
  reference        text,
  coupon_code_used text
);
COMMENT ON TABLE affiliate_private.import_sale IS 'Lines of import_line that are written all at once (import_plain_conversions), gone with the batch.';
COMMENT ON COLUMN affiliate_private.import_sale.sale_id IS 'Drawn before the sale is written, so that nothing has to look it up.';
