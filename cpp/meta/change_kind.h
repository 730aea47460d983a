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
