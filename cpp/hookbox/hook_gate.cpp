#include "hookbox/hook_gate.h"

#include <fmt/format.h>
#include <utility>

namespace ocilot::hookbox {

namespace {

/// Names the script, without its directory, and the point: this goes further than the log, and what went
/// wrong may be a secret of the script's.
Error unanswered(std::string_view script, Topic topic) {
    script.remove_prefix(script.rfind('/') + 1);  // npos + 1 is 0.
    return {Errc::unavailable,
            fmt::format("{} failed at {}", script.empty() ? "a hook" : script, to_string(topic))};
}

Error misfit(Topic topic) {
    auto error = unanswered({}, topic);
    error.message += ": unsupported answer";
    return error;
}

}  // namespace

void HookGate::set_points(std::span<HookPoint const> points) noexcept {
    unsigned bits = 0;
    for (auto const& point : points) {
        auto const& row = topics[index(point.topic)];
        if (!row.point) continue;
        bits |= static_cast<unsigned>(*row.point);
        deadlines_[index(point.topic)].store(point.deadline.count(), std::memory_order_relaxed);
    }
    points_.store(bits, std::memory_order_release);
    generation_.fetch_add(1, std::memory_order_acq_rel);
}

Task<Result<Answer>> HookGate::ask(Topic topic, Case about, Subject subject) {
    std::chrono::milliseconds const deadline(deadlines_[index(topic)].load(std::memory_order_relaxed));
    auto answered = co_await mailbox_.ask(topic, std::move(about), deadline, std::string(subject.request));
    if (answered.has_value()) {
        auto const* failure = std::get_if<Failure>(&*answered);
        if (failure == nullptr) co_return answered;
        log_.warn("hook failed", {{"request_id", subject.request},
                                  {"point", to_string(topic)},
                                  {"script", failure->by},
                                  {"reason", failure->reason},
                                  {"repository", subject.repository},
                                  {"caller", subject.caller}});
        co_return unanswered(failure->by, topic);
    }
    log_.warn("hook not answered", {{"request_id", subject.request},
                                    {"point", to_string(topic)},
                                    {"reason", answered.error().message},
                                    {"repository", subject.repository},
                                    {"caller", subject.caller}});
    co_return answered;
}

void HookGate::note(Topic topic, policy::Decision const& decision, Subject subject) const {
    if (decision.allowed) return;
    log_.info("hook denied", {{"request_id", subject.request},
                              {"point", to_string(topic)},
                              {"script", decision.by},
                              {"reason", decision.reason},
                              {"repository", subject.repository},
                              {"caller", subject.caller}});
}

Task<Result<std::optional<policy::Login>>> HookGate::authenticate(policy::Credentials credentials) {
    LoginCase about{std::string(credentials.name), std::string(credentials.password),
                    std::string(credentials.address)};
    Subject const subject{credentials.name, {}, credentials.request};
    CO_TRY(auto answer, co_await ask(Topic::authenticate, std::move(about), subject));
    std::optional<policy::Login> login;
    if (auto* const caller = std::get_if<policy::Caller>(&answer)) {
        caller->address = credentials.address;
        login = std::move(*caller);
    } else if (auto* const decision = std::get_if<policy::Decision>(&answer)) {
        if (decision->allowed) co_return misfit(Topic::authenticate);
        note(Topic::authenticate, *decision, subject);
        login = std::move(*decision);
    } else if (!std::holds_alternative<Abstain>(answer)) {
        co_return misfit(Topic::authenticate);
    }
    co_return login;
}

Task<Result<std::optional<policy::Decision>>> HookGate::authorize(policy::Caller const& caller,
                                                                  policy::Access const& access) {
    Subject const subject{caller.name,
                          access.repository ? std::string_view(access.repository->str()) : std::string_view(),
                          caller.request};
    AccessCase about{caller, access};
    CO_TRY(auto answer, co_await ask(Topic::authorize, std::move(about), subject));
    std::optional<policy::Decision> decided;
    if (auto* const decision = std::get_if<policy::Decision>(&answer)) {
        note(Topic::authorize, *decision, subject);
        decided = std::move(*decision);
    } else if (!std::holds_alternative<Abstain>(answer)) {
        co_return misfit(Topic::authorize);
    }
    co_return decided;
}

Task<Result<policy::Decision>> HookGate::admit(Topic topic, Case about, Subject subject) {
    CO_TRY(auto answer, co_await ask(topic, std::move(about), subject));
    if (std::holds_alternative<Abstain>(answer)) co_return policy::Decision::allow();
    auto* const decision = std::get_if<policy::Decision>(&answer);
    if (decision == nullptr) co_return misfit(topic);
    note(topic, *decision, subject);
    co_return std::move(*decision);
}

Task<Result<policy::Decision>> HookGate::admit_manifest(policy::ManifestPush push) {
    ManifestCase about{push.caller,
                       push.repository,
                       push.tags,
                       push.digest,
                       push.manifest.media_type,
                       push.size,
                       std::string(push.bytes),
                       std::string(push.config)};
    Subject const subject{push.caller.name, push.repository.str(), push.caller.request};
    co_return co_await admit(Topic::admit_manifest, std::move(about), subject);
}

Task<Result<policy::Decision>> HookGate::admit_blob(policy::BlobPush push) {
    BlobCase about{push.caller, push.repository, push.digest, push.size};
    Subject const subject{push.caller.name, push.repository.str(), push.caller.request};
    co_return co_await admit(Topic::admit_blob, std::move(about), subject);
}

Task<Result<policy::Decision>> HookGate::admit_tag(policy::TagMove move) {
    TagCase about{move.caller,   move.repository, move.tag,         move.digest,
                  move.previous, move.referrers,  move.sibling_tags};
    Subject const subject{move.caller.name, move.repository.str(), move.caller.request};
    co_return co_await admit(Topic::admit_tag, std::move(about), subject);
}

Task<Result<policy::Decision>> HookGate::admit_delete(policy::Deletion deletion) {
    DeletionCase about{deletion.caller, deletion.repository, deletion.kind, deletion.reference,
                       deletion.tags};
    Subject const subject{deletion.caller.name, deletion.repository.str(), deletion.caller.request};
    co_return co_await admit(Topic::admit_delete, std::move(about), subject);
}

Task<Result<std::vector<policy::KeptTag>>> HookGate::retain(policy::TagHistory history) {
    auto const repository = history.repository.str();
    Subject const subject{{}, repository, {}};
    RetainCase about{std::move(history)};
    CO_TRY(auto answer, co_await ask(Topic::retain, std::move(about), subject));
    if (std::holds_alternative<Abstain>(answer)) co_return std::vector<policy::KeptTag>{};
    auto* const kept = std::get_if<Kept>(&answer);
    if (kept == nullptr) co_return misfit(Topic::retain);
    co_return std::move(kept->tags);
}

Task<Result<std::vector<policy::ImagesInUse>>> HookGate::images_in_use(Time at) {
    Subject const subject{};
    CO_TRY(auto answer, co_await ask(Topic::images_in_use, InUseCase(at), subject));
    if (std::holds_alternative<Abstain>(answer)) co_return std::vector<policy::ImagesInUse>{};
    auto* const named = std::get_if<InUse>(&answer);
    if (named == nullptr) co_return misfit(Topic::images_in_use);
    co_return std::move(named->lists);
}

}  // namespace ocilot::hookbox
