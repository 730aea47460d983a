#pragma once

#include <cstdint>
#include <string_view>

namespace ocilot::meta {

/// What a change is. A kind is added here and in the table of its words.
enum class ChangeKind : std::uint8_t {
    unknown,  ///< of a version that knows more of them
    manifest_push,
    manifest_delete,
    manifest_restore,
    manifest_collect,  ///< by the garbage collection
    manifest_purge,    ///< by an administrator, for good
    manifest_pull,     ///< `times` pulls under one name, told of by the batch that recorded them
    tag_move,
    tag_delete,
    tag_restore,
    blob_push,
    blob_mount,
    blob_delete,
    blob_restore,
    account_add,
    account_change,
    account_remove,
    token_add,
    token_remove,
    key_add,
    access_reload,
    hooks_reload,
    repository_delete,
    repository_rename,
    alias_add,
    alias_remove,
    registry_import,
    job_run,
    job_cancel,
    upload_remove,  ///< an unfinished one, by an administrator
    retention_plan,
    retention_apply,
    policy_set,  ///< a policy of retention, over the API
    policy_remove,
    retention_wait,   ///< a scheduled plan waits for an administrator
    delivery_replay,  ///< parked changes of a webhook or a hook, by an administrator
    delivery_discard,
    quota_exceed,       ///< a push was refused by a quota, for the first time in a while
    quota_warn,         ///< a quota is nearly used up; no one was refused
    collection_finish,  ///< a round of the garbage collection that removed something
    // Refusals.
    login,
    access,
    admit,
    limit,
};

/// `manifest.push`, `tag.move`, `account.add`, `login`, ...: what is stored and what the audit API calls it.
[[nodiscard]] std::string_view to_string(ChangeKind kind) noexcept;
/// `unknown` for any other word.
[[nodiscard]] ChangeKind parse_change_kind(std::string_view word) noexcept;

}  // namespace ocilot::meta
