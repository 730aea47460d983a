#pragma once

#include "http/context.h"

namespace ocilot::http {

// One function a route, in the file named after the resource. HEAD takes the way of GET.

Task<Result<Response>> get_root(Context const& context);
Task<Result<Response>> get_base(Context const& context);
Task<Result<Response>> get_catalog(Context const& context);
Task<Result<Response>> get_tags(Context const& context);

Task<Result<Response>> get_manifest(Context const& context);
Task<Result<Response>> put_manifest(Context const& context);
Task<Result<Response>> delete_manifest(Context const& context);
Task<Result<Response>> get_referrers(Context const& context);

Task<Result<Response>> get_blob(Context const& context);
Task<Result<Response>> delete_blob(Context const& context);

Task<Result<Response>> post_upload(Context const& context);
Task<Result<Response>> get_upload(Context const& context);
Task<Result<Response>> patch_upload(Context const& context);
Task<Result<Response>> put_upload(Context const& context);
Task<Result<Response>> delete_upload(Context const& context);

Task<Result<Response>> get_token(Context const& context);
Task<Result<Response>> post_token(Context const& context);
Task<Result<Response>> get_token_keys(Context const& context);

Task<Result<Response>> get_accounts(Context const& context);
Task<Result<Response>> post_account(Context const& context);
Task<Result<Response>> get_account(Context const& context);
Task<Result<Response>> patch_account(Context const& context);
Task<Result<Response>> delete_account(Context const& context);
Task<Result<Response>> get_account_tokens(Context const& context);
Task<Result<Response>> post_account_token(Context const& context);
Task<Result<Response>> delete_account_token(Context const& context);
Task<Result<Response>> get_audit(Context const& context);

Task<Result<Response>> get_access(Context const& context);
Task<Result<Response>> get_keys(Context const& context);
Task<Result<Response>> post_keys(Context const& context);
Task<Result<Response>> get_hooks(Context const& context);
Task<Result<Response>> post_hooks_reload(Context const& context);

}  // namespace ocilot::http
