#include "http/core/errors.h"

#include "a_request.h"

#include <gtest/gtest.h>

namespace ocilot::http {
namespace {

using test::body;
using test::value;

TEST(ErrorTable, HasARowForEveryCode) {
    for (int code = 0; code <= static_cast<int>(Errc::config); ++code) {
        auto const& row = error_row(static_cast<Errc>(code));
        EXPECT_EQ(static_cast<int>(row.code), code);
        EXPECT_GE(row.status, 400U);
        EXPECT_FALSE(row.oci_code.empty());
        EXPECT_FALSE(row.message.empty());
    }
}

TEST(ErrorTable, SaysWhatTheProtocolSays) {
    EXPECT_EQ(error_row(Errc::manifest_too_large).status, 413U);
    EXPECT_EQ(error_row(Errc::manifest_too_large).oci_code, "MANIFEST_INVALID");
    EXPECT_EQ(error_row(Errc::range_invalid).status, 416U);
    EXPECT_EQ(error_row(Errc::upload_unknown).oci_code, "BLOB_UPLOAD_UNKNOWN");
    EXPECT_EQ(error_row(Errc::unsupported).status, 405U);
    EXPECT_EQ(error_row(Errc::upload_busy).status, 409U);
    EXPECT_EQ(error_row(Errc::no_space).status, 507U);
}

TEST(ErrorResponse, IsTheProtocolsJson) {
    auto const response = error_response({Errc::tag_invalid, "the tag \"a b\" is wrong"});
    EXPECT_EQ(response.status, 400U);
    EXPECT_EQ(value(response, "Content-Type"), "application/json");
    EXPECT_EQ(body(response), R"({"errors":[{"code":"TAG_INVALID","message":"the tag \"a b\" is wrong"}]})");
    EXPECT_EQ(response.content_length, body(response).size());
}

TEST(ErrorResponse, HasOneEntryASubject) {
    auto const response = error_response({Errc::manifest_blob_unknown, "missing", {"sha256:a", "sha256:b"}});
    EXPECT_EQ(
        body(response),
        R"({"errors":[{"code":"MANIFEST_BLOB_UNKNOWN","message":"missing: sha256:a","detail":"sha256:a"},)"
        R"({"code":"MANIFEST_BLOB_UNKNOWN","message":"missing: sha256:b","detail":"sha256:b"}]})");
}

TEST(ErrorResponse, TellsNothingOfTheInside) {
    for (auto const code : {Errc::io, Errc::internal, Errc::no_space, Errc::unavailable, Errc::config}) {
        auto const response = error_response({code, "/var/lib/secret: errno 5", {"/var/lib/secret"}});
        EXPECT_EQ(body(response).find("secret"), std::string::npos);
        EXPECT_NE(body(response).find("registry"), std::string::npos);
    }
}

TEST(ErrorResponse, SaysWhoseErrorItIs) {
    EXPECT_TRUE(error_response({Errc::not_implemented, "gzip"}).by_client) << "501, and yet the client's";
    for (auto const code : {Errc::io, Errc::internal, Errc::no_space, Errc::unavailable}) {
        EXPECT_FALSE(error_response({code, "a disk"}).by_client);
    }
}

TEST(ErrorResponse, TellsWhenToTryAgain) {
    EXPECT_EQ(value(error_response({Errc::too_many_requests, ""}), "Retry-After"), "5");
    EXPECT_EQ(value(error_response({Errc::unavailable, ""}), "Retry-After"), "5");
    EXPECT_TRUE(error_response({Errc::manifest_too_large, ""}).close);
    EXPECT_FALSE(error_response({Errc::blob_unknown, ""}).close);
}

}  // namespace
}  // namespace ocilot::http
