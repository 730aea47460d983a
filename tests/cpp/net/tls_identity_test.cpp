#include "net/tls_identity.h"

#include "authority.h"

#include <gtest/gtest.h>

using namespace ocilot;

namespace {

std::string name_of(test::CertificateText const& text) {
    return net::certificate_name(test::issue(text).certificate.get());
}

}  // namespace

TEST(TlsIdentity, IsTheCommonName) {
    EXPECT_EQ(name_of({.common_names = {"alice"}, .alternative_names = "URI:spiffe://prod/ci"}), "alice");
    EXPECT_EQ(name_of({.common_names = {"zo\xc3\xab"}}), "zo\xc3\xab");
}

TEST(TlsIdentity, IsTheFirstUriThenMailThenHostWithoutACommonName) {
    EXPECT_EQ(name_of({.alternative_names = "DNS:ci.example,email:ci@example,URI:spiffe://prod/ci,URI:b:c"}),
              "spiffe://prod/ci");
    EXPECT_EQ(name_of({.alternative_names = "DNS:ci.example,email:ci@example"}), "ci@example");
    EXPECT_EQ(name_of({.alternative_names = "IP:127.0.0.1,DNS:ci.example"}), "ci.example");
}

TEST(TlsIdentity, IsNothingThatCouldBeMistaken) {
    EXPECT_EQ(name_of({}), "");
    EXPECT_EQ(name_of({.alternative_names = "IP:127.0.0.1"}), "");
    EXPECT_EQ(name_of({.common_names = {"alice", "bob"}}), "");
    EXPECT_EQ(name_of({.common_names = {std::string("admin\0.evil", 11)}}), "");
    EXPECT_EQ(name_of({.common_names = {"a\nb"}}), "");
    EXPECT_EQ(name_of({.alternative_names = "URI:" + std::string(256, 'x')}), "");
}
