//! What `\df+` shows, and the right to look the functions up.

use pgrx::prelude::*;

extension_sql!(
    r"
GRANT USAGE ON SCHEMA @extschema@ TO PUBLIC;
COMMENT ON FUNCTION line_commission(bigint, bigint, bigint, bigint) IS
    'Native kernel: commission of one line in minor units; raises 22003 when it is not a bigint.';
COMMENT ON FUNCTION sale_commission(bigint[], bigint[], bigint[], bigint) IS
    'Native kernel: commission of a sale in minor units; raises 22003 when it is not a bigint.';
COMMENT ON FUNCTION choose_attribution(bigint[], timestamptz[], bigint[], boolean[], boolean) IS
    'Native kernel: 1-based index of the winning candidate; raises nothing.';
COMMENT ON FUNCTION refund_share(bigint, bigint, bigint) IS
    'Native kernel: minor units of a commission that a refund takes back; raises nothing.';
COMMENT ON FUNCTION release_at(timestamptz, integer) IS
    'Native kernel: the end of a hold of so many times 24 hours; raises 22008 outside the range of timestamptz.';
COMMENT ON FUNCTION earnings_step(bigint[], bigint, boolean, timestamptz, timestamptz) IS
    'Native kernel: state transition of earnings; raises 22003 when a sum is not a bigint.';
COMMENT ON FUNCTION earnings_combine(bigint[], bigint[]) IS
    'Native kernel: combines two states of earnings; raises 22003 when a sum is not a bigint.';
COMMENT ON AGGREGATE earnings(bigint, boolean, timestamptz, timestamptz) IS
    'Native kernel: {total, eligible, held, paid} in minor units; raises 22003 when a sum is not a bigint.';
COMMENT ON FUNCTION tg_conversion__stamp() IS
    'Native kernel: stamps a conversion and refuses changes to it; raises 22003, 22008, 23502 and 55000.';
",
    name = "comments",
    finalize
);
