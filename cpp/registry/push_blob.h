#pragma once

#include "registry/registry.h"
#include "registry/upload_seal.h"

#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace ocilot::registry {

/// Where body bytes come from: fills the buffer, answers 0 at the end.
class ByteSource {
  public:
    virtual ~ByteSource() = default;
    virtual Task<Result<std::size_t>> read(std::span<std::byte> out) = 0;
};

/// Which session of which repository, and who asks. A session is seen only by the caller who opened it.
struct UploadRef {
    policy::Caller const& caller;
    oci::RepositoryName const& repository;
    Uuid id;
    std::optional<OpenedUpload> opened = {};  ///< what its URL proves
};

/// A session that was opened: nothing is written or kept for it until bytes come.
struct StartedUpload {
    Uuid id;
    std::string segment;  ///< the last of the path of its URL
};

/// A part of an upload: its bytes and, if the client told, where they belong.
struct Chunk {
    ByteSource& bytes;
    std::optional<std::uint64_t> first;   ///< `Content-Range` start; must be the current offset
    std::optional<std::uint64_t> length;  ///< exact number of bytes promised; size_invalid otherwise
};

/// Opens an upload session (distribution-spec end-4a) that hashes with `algorithm` while it receives. Costs
/// nothing and limits nobody as long as it has no bytes.
[[nodiscard]] StartedUpload start_upload(Registry& registry, policy::Caller const& caller,
                                         oci::RepositoryName const& repository, oci::Algorithm algorithm);

/// The session of a URL's last segment. upload_unknown for what was not opened for this repository and
/// caller.
Result<UploadRef> find_upload(Registry& registry, policy::Caller const& caller,
                              oci::RepositoryName const& repository, std::string_view segment);

/// Bytes received so far (end-13). upload_unknown; upload_busy while another request writes.
Task<Result<std::uint64_t>> upload_offset(Registry& registry, UploadRef ref);

/// Adds a chunk (end-5) and answers the new offset. range_invalid if it does not start at the offset: the
/// session lives on. If the client goes away, what came is kept. too_many_requests for the first bytes of a
/// session, if repository or caller have as many unfinished ones as Rules allow and all of them are being
/// written to. upload_busy too if another process goes on with the session meanwhile. no_space if there is no
/// room for it: then the session has ended, and its bytes are dropped.
Task<Result<std::uint64_t>> append_upload(Registry& registry, UploadRef ref, Chunk chunk);

/// Adds the last chunk, compares the digest, asks the gate, stores and links the blob (end-6).
/// digest_invalid leaves the session as it is, a client that goes away what came. But where a body without a
/// place failed that may have been the whole blob, the next such body is the whole blob again. no_space ends
/// the session, as in `append_upload`.
Task<Result<meta::BlobFact>> finish_upload(Registry& registry, UploadRef ref, Chunk last,
                                           oci::Digest const& digest);

/// Ends a session and forgets its bytes (end-14).
Task<Result<>> cancel_upload(Registry& registry, UploadRef ref);

/// A whole blob in one request (end-4b). no_space keeps nothing of it.
Task<Result<meta::BlobFact>> push_blob(Registry& registry, policy::Caller const& caller,
                                       oci::RepositoryName const& repository, Chunk whole,
                                       oci::Digest const& digest);

/// Repositories that hold the blob, the oldest first; for a mount that names none.
Task<Result<meta::Slice<std::string>>> list_holders(Registry& registry, oci::Digest const& digest,
                                                    meta::Page page);

/// Makes a blob of `source` one of `target` too, without moving a byte (end-11). blob_unknown if it cannot.
/// The caller's right to pull from `source` is the asker's to check.
Task<Result<meta::BlobFact>> mount_blob(Registry& registry, policy::Caller const& caller,
                                        oci::RepositoryName const& source, oci::RepositoryName const& target,
                                        oci::Digest const& digest);

}  // namespace ocilot::registry
