#include "http/handlers.h"
#include "oci/media_type.h"

namespace ocilot::http {

/// `GET /`: what load balancers in front of a distribution registry ask.
Task<Result<Response>> get_root(Context const&) {
    Response response;
    response.set("Cache-Control", "no-cache");
    co_return response;
}

/// end-1: `GET /v2/`: whether this is a registry and the caller may use it.
Task<Result<Response>> get_base(Context const&) {
    Response response;
    response.text(oci::media_type::json, "{}");
    co_return response;
}

}  // namespace ocilot::http
