#include "http/handlers.h"
#include "http/json.h"
#include "http/page.h"
#include "oci/media_type.h"

#include <fmt/format.h>

namespace ocilot::http {

namespace {

constexpr std::size_t entries_limit = 1000;
/// Bytes after which a page ends: clients read indexes of at most 4 MiB.
constexpr std::size_t page_bytes = 3 * 1024 * 1024;

void append_descriptor(std::string& out, meta::ReferrerFact const& referrer) {
    out += '{';
    append_member(out, "mediaType", referrer.manifest.media_type);
    out += ',';
    append_member(out, "digest", referrer.manifest.digest.str());
    out += ',';
    append_member(out, "size", referrer.manifest.size);
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

/// The index a referrers list is; cuts the slice where the page gets too long for clients.
std::string json_index(meta::Slice<meta::ReferrerFact>& found) {
    auto out =
        fmt::format(R"({{"schemaVersion":2,"mediaType":"{}","manifests":[)", oci::media_type::oci_index);
    for (std::size_t i = 0; i < found.items.size(); ++i) {
        auto const before = out.size();
        if (i > 0) out += ',';
        append_descriptor(out, found.items[i]);
        if (i > 0 && out.size() > page_bytes) {
            out.resize(before);
            found.items.erase(found.items.begin() + static_cast<std::ptrdiff_t>(i), found.items.end());
            found.more = true;
        }
    }
    out += "]}";
    return out;
}

}  // namespace

/// end-12: `GET /v2/<name>/referrers/<digest>[?artifactType=]`.
Task<Result<Response>> get_referrers(Context const& context) {
    CO_TRY(auto const subject, oci::Digest::parse(context.item));
    CO_TRY(auto const wanted, PageQuery::parse(context.query, entries_limit, entries_limit));
    // Several types mean "any of them": then the client filters, as the missing header tells it.
    auto const types = context.query.all("artifactType");
    std::optional<std::string> type;
    if (types.size() == 1) type = std::string(types.front());
    CO_TRY(auto found,
           co_await registry::list_referrers(context.registry, context.name(), subject, type, wanted.page()));
    if (wanted.size == 0) found = {};
    Response response;
    response.text(oci::media_type::oci_index, json_index(found));
    if (type) response.set("OCI-Filters-Applied", "artifactType");
    if (found.more) {
        Parameters next{{"last", found.items.back().manifest.digest.str()},
                        {"n", std::to_string(wanted.size)}};
        for (auto const text : types) next.emplace_back("artifactType", std::string(text));
        auto const path = fmt::format("/v2/{}/referrers/{}", context.name().str(), subject.str());
        response.set("Link", next_link(context.urls.local(path), next));
    }
    co_return response;
}

}  // namespace ocilot::http
