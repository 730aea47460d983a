#include "http/handlers.h"

#include <cstdlib>

// The route table points at the handlers; a fuzzer finds routes and goes none, and so it need not link the
// registry behind them (whose coroutines clang 14 cannot compile under sanitizers).
namespace ocilot::http {

#define OCILOT_NO_HANDLER(name)                   \
    Task<Result<Response>> name(Context const&) { \
        std::abort();                             \
    }

OCILOT_NO_HANDLER(get_root)
OCILOT_NO_HANDLER(get_base)
OCILOT_NO_HANDLER(get_catalog)
OCILOT_NO_HANDLER(get_tags)
OCILOT_NO_HANDLER(get_manifest)
OCILOT_NO_HANDLER(put_manifest)
OCILOT_NO_HANDLER(delete_manifest)
OCILOT_NO_HANDLER(get_referrers)
OCILOT_NO_HANDLER(get_blob)
OCILOT_NO_HANDLER(delete_blob)
OCILOT_NO_HANDLER(post_upload)
OCILOT_NO_HANDLER(get_upload)
OCILOT_NO_HANDLER(patch_upload)
OCILOT_NO_HANDLER(put_upload)
OCILOT_NO_HANDLER(delete_upload)

}  // namespace ocilot::http
