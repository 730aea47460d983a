#include "http/routes.h"

#include "http/api/routes.h"
#include "http/v2/routes.h"

namespace ocilot::http {

// The first row that fits a path is its route: uploads come before blobs, tags before repositories.
Routes all_routes() {
    return Routes{
        base_routes(),
        catalog_routes(),
        tag_routes(),
        manifest_routes(),
        referrer_routes(),
        upload_routes(),
        blob_routes(),
        token_routes(),
        account_routes(),
        account_token_routes(),
        audit_routes(),
        access_routes(),
        key_routes(),
        hook_routes(),
        job_routes(),
        collection_routes(),
        usage_routes(),
        retention_routes(),
        retention_policy_routes(),
        repository_tag_routes(),
        all_tags_routes(),
        repository_routes(),
        open_upload_routes(),
        event_routes(),
        webhook_routes(),
        openapi_routes(),
    };
}

}  // namespace ocilot::http
