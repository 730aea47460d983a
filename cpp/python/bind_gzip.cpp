#include "deflate/gzip_writer.h"
#include "python/bind.h"

#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>

namespace ocilot::python {

namespace {

/// A writer that several threads may share: the interpreter's lock is not held while it works.
class Gzip {
  public:
    explicit Gzip(int level) : writer_(std::make_unique<deflate::GzipWriter>(level)) {}

    py::bytes write(py::bytes const& data) {
        std::string_view const text = data;
        std::string made;
        bool finished = false;
        {
            py::gil_scoped_release const released;
            std::lock_guard const lock(mutex_);
            finished = !writer_;
            if (writer_) made = writer_->write(std::as_bytes(std::span(text)));
        }
        if (finished) throw py::value_error("the gzip stream is finished");
        return made;
    }

    py::bytes finish() {
        std::string made;
        bool finished = false;
        {
            py::gil_scoped_release const released;
            std::lock_guard const lock(mutex_);
            finished = !writer_;
            if (writer_) made = writer_->finish();
            writer_.reset();
        }
        if (finished) throw py::value_error("the gzip stream is finished");
        return made;
    }

  private:
    std::mutex mutex_;
    std::unique_ptr<deflate::GzipWriter> writer_;
};

}  // namespace

void init_gzip(py::module_& module) {
    py::class_<Gzip>(
        module, "GzipWriter",
        "Compresses to gzip. Equal data makes equal bytes on every machine, in whatever pieces it "
        "is written.")
        .def(py::init<int>(), py::arg("level") = 6, "`level`: 1 (fast) to 9 (small).")
        .def("write", &Gzip::write, py::arg("data"), "Compressed bytes, as far as they are ready.")
        .def("finish", &Gzip::finish, "The rest of the compressed bytes. Nothing can be written afterwards.");
}

}  // namespace ocilot::python
