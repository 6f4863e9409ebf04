-- Stamps a conversion with its commission and release time, from the rule already in the row, and keeps what is
-- stamped from being changed other than by settling it again under a higher stamp_version.
CREATE OR REPLACE FUNCTION affiliate_kernel.tg_conversion__stamp() RETURNS trigger
LANGUAGE plpgsql PARALLEL SAFE
AS $$
DECLARE
    v_column text;
BEGIN
    IF TG_WHEN <> 'BEFORE' OR TG_LEVEL <> 'ROW' OR TG_OP NOT IN ('INSERT', 'UPDATE') THEN
        RAISE EXCEPTION 'tg_conversion__stamp must be fired before insert or update for each row'
            USING ERRCODE = '39P01';
    END IF;
    IF NEW.stamp_version IS NULL THEN
        RAISE EXCEPTION 'stamp_version of a conversion must not be null' USING ERRCODE = '23502';
    END IF;

    IF TG_OP = 'UPDATE' THEN
        IF NEW.stamp_version < OLD.stamp_version THEN
            RAISE EXCEPTION 'stamp_version of a conversion cannot go back' USING ERRCODE = '55000';
        ELSIF NEW.stamp_version = OLD.stamp_version THEN
            v_column := CASE
                WHEN NEW.affiliate_id IS DISTINCT FROM OLD.affiliate_id THEN 'affiliate_id'
                WHEN NEW.attribution_source IS DISTINCT FROM OLD.attribution_source THEN 'attribution_source'
                WHEN NEW.rule_source IS DISTINCT FROM OLD.rule_source THEN 'rule_source'
                WHEN NEW.currency IS DISTINCT FROM OLD.currency THEN 'currency'
                WHEN NEW.base_minor IS DISTINCT FROM OLD.base_minor THEN 'base_minor'
                WHEN NEW.line_base_minor IS DISTINCT FROM OLD.line_base_minor THEN 'line_base_minor'
                WHEN NEW.line_rate_ppm IS DISTINCT FROM OLD.line_rate_ppm THEN 'line_rate_ppm'
                WHEN NEW.line_fixed_minor IS DISTINCT FROM OLD.line_fixed_minor THEN 'line_fixed_minor'
                WHEN NEW.fx_ppb IS DISTINCT FROM OLD.fx_ppb THEN 'fx_ppb'
                WHEN NEW.value_override_minor IS DISTINCT FROM OLD.value_override_minor THEN 'value_override_minor'
                WHEN NEW.occurred_at IS DISTINCT FROM OLD.occurred_at THEN 'occurred_at'
                WHEN NEW.hold_days IS DISTINCT FROM OLD.hold_days THEN 'hold_days'
                WHEN NEW.level_id IS DISTINCT FROM OLD.level_id THEN 'level_id'
                WHEN NEW.parent_affiliate_id IS DISTINCT FROM OLD.parent_affiliate_id THEN 'parent_affiliate_id'
                WHEN NEW.tier_rate_ppm IS DISTINCT FROM OLD.tier_rate_ppm THEN 'tier_rate_ppm'
                WHEN NEW.tier_fixed_minor IS DISTINCT FROM OLD.tier_fixed_minor THEN 'tier_fixed_minor'
                WHEN NEW.tier_minor IS DISTINCT FROM OLD.tier_minor THEN 'tier_minor'
                WHEN NEW.commission_minor IS DISTINCT FROM OLD.commission_minor THEN 'commission_minor'
                WHEN NEW.release_at IS DISTINCT FROM OLD.release_at THEN 'release_at'
            END;
            IF v_column IS NOT NULL THEN
                RAISE EXCEPTION 'column "%" of a conversion is stamped at the sale; settle it with a new stamp_version',
                    v_column USING ERRCODE = '55000';
            END IF;
            RETURN NEW;
        END IF;
    END IF;

    NEW.commission_minor := COALESCE(NEW.value_override_minor, affiliate_kernel.sale_commission(
        NEW.line_base_minor, NEW.line_rate_ppm, NEW.line_fixed_minor, NEW.fx_ppb
    ));
    IF NEW.commission_minor IS NULL THEN
        RAISE EXCEPTION 'commission of a conversion cannot be computed: a line value or fx_ppb is null, or the lines differ in length'
            USING ERRCODE = '23502';
    END IF;
    NEW.release_at := affiliate_kernel.release_at(NEW.occurred_at, NEW.hold_days);
    IF NEW.release_at IS NULL THEN
        RAISE EXCEPTION 'release time of a conversion cannot be computed: occurred_at or hold_days is null'
            USING ERRCODE = '23502';
    END IF;
    RETURN NEW;
END
$$;

COMMENT ON FUNCTION affiliate_kernel.tg_conversion__stamp() IS
    'BEFORE INSERT OR UPDATE trigger of conversions: sets commission_minor (minor units) and release_at on insert and when '
    'stamp_version rises. Raises 22003 or 22008 when they are out of range, 23502 when they cannot be computed, 55000 when '
    'a stamped column is changed or stamp_version goes back, 39P01 when it is attached in another way.';
