#include "http/core/request_record.h"

#include "a_request.h"

#include <gtest/gtest.h>

namespace ocilot::http {
namespace {

Request put(std::string_view target, test::Headers headers) {
    auto request = test::with_headers(std::move(headers));
    request.method = Method::put;
    request.target = target;
    return request;
}

TEST(RequestRecord, HasWhatTheClientSent) {
    auto const kept = record_of(put("/v2/team/app/manifests/v1?digest=sha256:a",
                                    {{"Host", "r.test:5000"}, {"User-Agent", "docker/27"}}));
    EXPECT_EQ(kept->method(), "PUT");
    EXPECT_EQ(kept->scheme(), "http");
    EXPECT_EQ(kept->host(), "r.test:5000");
    EXPECT_EQ(kept->path(), "/v2/team/app/manifests/v1") << "a query may hold a secret";
    EXPECT_EQ(kept->user_agent(), "docker/27");
}

TEST(RequestRecord, HasTheHostThatATrustedProxyNames) {
    auto request = put("/v2/a/manifests/v1", {{"Host", "10.0.0.1:5000"},
                                              {"X-Forwarded-Host", "r.example"},
                                              {"X-Forwarded-Proto", "https"},
                                              {"X-Forwarded-Port", "8443"}});
    EXPECT_EQ(record_of(request)->host(), "10.0.0.1:5000");
    request.forwarded = true;
    auto const kept = record_of(request);
    EXPECT_EQ(kept->host(), "r.example:8443");
    EXPECT_EQ(kept->scheme(), "https");
}

TEST(RequestRecord, HasTheTraceOnlyIfItIsValid) {
    constexpr std::string_view trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    auto const kept = [](test::Headers headers) {
        return std::string(record_of(put("/v2/a/manifests/v1", std::move(headers)))->traceparent());
    };
    EXPECT_EQ(kept({{"TraceParent", std::string(trace)}}), trace);
    EXPECT_EQ(kept({}), "");
    EXPECT_EQ(kept({{"traceparent", "00-" + std::string(52, '0')}}), "");
    EXPECT_EQ(kept({{"traceparent", std::string(trace)}, {"traceparent", std::string(trace)}}), "");
}

TEST(RequestRecord, HasNoSealedUploadUrl) {
    auto const path = [](std::string_view target) { return std::string(record_of(put(target, {}))->path()); };
    EXPECT_EQ(path("/v2/a/blobs/uploads/c2VhbGVk?digest=sha256:a"), "/v2/a/blobs/uploads/");
    EXPECT_EQ(path("/v2/a/blobs/uploads/b/manifests/v1"), "/v2/a/blobs/uploads/b/manifests/v1");
    EXPECT_EQ(path("/registry/v2/a/blobs/uploads/"), "/registry/v2/a/blobs/uploads/");
}

}  // namespace
}  // namespace ocilot::http
