#include "net/system_authorities.h"

#include "loopback.h"

#include <fstream>
#include <gtest/gtest.h>

using namespace ocilot;

TEST(SystemAuthorities, AreFoundWhereEachDistributionHasThem) {
    for (auto const* const place :
         {"etc/ssl/certs/ca-certificates.crt", "etc/pki/tls/certs/ca-bundle.crt",
          "etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem", "etc/ssl/ca-bundle.pem", "etc/ssl/cert.pem"}) {
        test::TemporaryDirectory const root;
        std::filesystem::path const file = root.file(place);
        std::filesystem::create_directories(file.parent_path());
        std::ofstream(file) << "certificates";
        EXPECT_EQ(net::system_authorities(root.file("")), file.string());
    }
}

TEST(SystemAuthorities, AreNoneWhereThereIsNoFile) {
    test::TemporaryDirectory const root;
    std::filesystem::create_directories(root.file("etc/ssl/cert.pem"));
    EXPECT_EQ(net::system_authorities(root.file("")), "");
}
