CREATE OR REPLACE FUNCTION affiliate_private.affiliate_level_at(p_project_id bigint, p_affiliate_id bigint, p_at timestamptz) RETURNS affiliate_private.affiliate_level
LANGUAGE plpgsql STABLE AS $$
DECLARE
  v_row affiliate_private.affiliate_level;
BEGIN
  SELECT v.* INTO v_row FROM affiliate_private.affiliate_level AS v
  WHERE v.project_id = affiliate_level_at.p_project_id AND v.affiliate_id = affiliate_level_at.p_affiliate_id AND v.effective_at <= affiliate_level_at.p_at
  ORDER BY v.effective_at DESC, v.version_id DESC LIMIT 1;
  RETURN v_row;
END
$$;
COMMENT ON FUNCTION affiliate_private.affiliate_level_at(bigint, bigint, timestamptz) IS 'Which level an affiliate had at a moment and who said so, all NULL where none was ever recorded.';

CREATE OR REPLACE FUNCTION affiliate_private.level_version_at(p_project_id bigint, p_level_id bigint, p_at timestamptz) RETURNS affiliate_private.commission_level_version
LANGUAGE plpgsql STABLE AS $$
DECLARE
  v_row affiliate_private.commission_level_version;
BEGIN
  SELECT v.* INTO v_row FROM affiliate_private.commission_level_version AS v
  WHERE v.project_id = level_version_at.p_project_id AND v.level_id = level_version_at.p_level_id
  ORDER BY v.effective_at <= level_version_at.p_at DESC,
           CASE WHEN v.effective_at <= level_version_at.p_at THEN v.effective_at END DESC, v.effective_at, v.version_id DESC
  LIMIT 1;
  RETURN v_row;
END
$$;
COMMENT ON FUNCTION affiliate_private.level_version_at(bigint, bigint, timestamptz) IS 'What a level paid and asked for at a moment; before its first version, the first.';

CREATE OR REPLACE FUNCTION affiliate_private.level_at(p_project_id bigint, p_affiliate_id bigint, p_at timestamptz) RETURNS affiliate_private.commission_level_version
LANGUAGE plpgsql STABLE AS $$
DECLARE
  v_level_id bigint := (affiliate_private.affiliate_level_at(level_at.p_project_id, level_at.p_affiliate_id, level_at.p_at)).level_id;
BEGIN
  IF v_level_id IS NULL THEN
    RETURN NULL;
  END IF;
  RETURN affiliate_private.level_version_at(level_at.p_project_id, v_level_id, level_at.p_at);
END
$$;
COMMENT ON FUNCTION affiliate_private.level_at(bigint, bigint, timestamptz) IS 'The commission level of an affiliate at a moment as it was then, NULL for none.';

CREATE OR REPLACE FUNCTION affiliate_private.levelled_setting(p_setting affiliate_private.project_setting, p_level affiliate_private.commission_level_version) RETURNS affiliate_private.project_setting
LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
  v_setting affiliate_private.project_setting := levelled_setting.p_setting;
BEGIN
  IF (levelled_setting.p_level).level_id IS NOT NULL THEN
    v_setting.rate_ppm            := (levelled_setting.p_level).rate_ppm;
    v_setting.fixed_minor         := (levelled_setting.p_level).fixed_minor;
    v_setting.commission_duration := (levelled_setting.p_level).commission_duration;
    v_setting.commission_months   := (levelled_setting.p_level).commission_months;
  END IF;
  RETURN v_setting;
END
$$;
COMMENT ON FUNCTION affiliate_private.levelled_setting(affiliate_private.project_setting, affiliate_private.commission_level_version) IS 'A project''s settings with the commission and duration of a level in place of its defaults; unchanged where there is none.';
