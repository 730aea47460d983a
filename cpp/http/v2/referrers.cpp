#include "base/json_text.h"
#include "http/core/cache_control.h"
#include "http/core/page.h"
#include "http/v2/alias.h"
#include "http/v2/routes.h"
#include "oci/media_type.h"
#include "registry/alias.h"

#include <fmt/format.h>

namespace ocilot::http {

namespace {

constexpr std::size_t entries_limit = 1000;
constexpr std::size_t entries_default = 100;  // Without `n`; a `Link` leads on.
/// Bytes after which a page ends: annotations may be long, and a slow reader keeps the page in memory.
constexpr std::size_t page_bytes = 256 * 1024;

constexpr std::size_t usual_bytes = 4096;  // A dozen entries, without growing from nothing.

void append_descriptor(std::string& out, meta::ReferrerRow const& referrer) {
    out += '{';
    append_member(out, "mediaType", referrer.media_type);
    out += ',';
    append_member(out, "digest", referrer.digest);
    out += ',';
    append_member(out, "size", referrer.size);
    if (!referrer.artifact_type.empty()) {
        out += ',';
        append_member(out, "artifactType", referrer.artifact_type);
    }
    if (referrer.annotations_json != "{}") {
        out += R"(,"annotations":)";
        out += referrer.annotations_json;
    }
    out += '}';
}

/// The index that a page of referrers is, written while they are read.
class ReferrersPage {
  public:
    explicit ReferrersPage(std::size_t most) : left_(most) {
        text_.reserve(usual_bytes);
        text_ = R"({"schemaVersion":2,)";
        append_member(text_, "mediaType", oci::media_type::oci_index);
        text_ += R"(,"manifests":[)";
    }

    /// False if there is no room: a page has an entry at least, unless none was asked for.
    bool add(meta::ReferrerRow const& referrer) {
        if (left_ == 0) return false;
        auto const before = text_.size();
        if (!last_.empty()) text_ += ',';
        append_descriptor(text_, referrer);
        if (!last_.empty() && text_.size() > page_bytes) {
            text_.resize(before);
            return false;
        }
        last_ = referrer.digest;
        --left_;
        return true;
    }

    /// Digest of the last entry; empty if there is none.
    [[nodiscard]] std::string const& last() const noexcept { return last_; }
    [[nodiscard]] std::string text() && { return std::move(text_ += "]}"); }

  private:
    std::size_t left_;
    std::string text_;
    std::string last_;
};

/// end-12: `GET /v2/<name>/referrers/<digest>[?artifactType=]`.
Task<Result<Response>> get_referrers(Context const& context) {
    CO_TRY(auto const subject, oci::Digest::parse(context.item));
    CO_TRY(auto const wanted, PageQuery::parse(context.query, entries_default, entries_limit));
    // Several types mean "any of them": then the client filters, as the missing header tells it.
    auto const types = context.query.all("artifactType");
    std::optional<std::string> type;
    if (types.size() == 1) type = std::string(types.front());
    ReferrersPage index(wanted.size);
    meta::ReferrerVisitor const take = [&index](meta::ReferrerRow const& row) { return index.add(row); };
    CO_TRY(bool more, co_await registry::list_referrers(context.registry, context.name(), subject, type,
                                                        wanted.page(), take));
    if (index.last().empty() && registry::may_be_alias(context.registry)) {
        CO_TRY(auto const target, co_await find_alias(context));
        if (target) {
            CO_TRY(more, co_await registry::list_referrers(context.registry, *target, subject, type,
                                                           wanted.page(), take));
        }
    }
    auto const last = index.last();
    Response response;
    response.text(oci::media_type::oci_index, std::move(index).text());
    response.set("Cache-Control", mutable_content(context));
    if (type) response.set("OCI-Filters-Applied", "artifactType");
    if (more && !last.empty()) {
        Parameters next{{"last", last}, {"n", std::to_string(wanted.size)}};
        for (auto const text : types) next.emplace_back("artifactType", std::string(text));
        auto const path = fmt::format("/v2/{}/referrers/{}", context.name().str(), subject.str());
        response.set("Link", next_link(context.urls.local(path), next));
    }
    co_return response;
}

using policy::Action;

constexpr Verb referrers_verbs[] = {
    {Method::get,
     Action::pull,
     get_referrers,
     "List manifests whose subject is this digest; `?artifactType=` of one type only.",
     {{{200,
        "An image index, possibly empty. `OCI-Filters-Applied` if it was filtered, `Link` with the URL of "
        "the next page, if any."}}},
     {Errc::digest_invalid, Errc::pagination_invalid}}};

constexpr Endpoint referrer_route_table[] = {
    row("/v2/<name>/referrers/<item>", "referrers", referrers_verbs),
};

}  // namespace

RouteTable referrer_routes() noexcept {
    return referrer_route_table;
}

}  // namespace ocilot::http
