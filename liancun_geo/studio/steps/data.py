"""Data: the sample, uploaded files or a project; what the doctor finds in them."""

from __future__ import annotations

from functools import partial

import streamlit as st

from liancun_geo.errors import FaultsError
from liancun_geo.messages import message
from liancun_geo.output.picture.markup import add, markup, new
from liancun_geo.output.template import empty_template
from liancun_geo.project.inputs import Inputs, safe_name
from liancun_geo.studio import checkup, panels, session, uploads
from liancun_geo.studio.desk import Desk
from liancun_geo.studio.markup import plain
from liancun_geo.studio.words import Words

_STAGED, _STAGED_OF = "staged", "staged of"
"""Where the session keeps files that are looked at but not in use yet, and which they are."""


def show(desk: Desk, words: Words) -> None:
    """Show where the data come from, and the data check."""
    with st.container(key="data-columns", horizontal=True):
        with st.container(key="data-source", width=320):
            looked_at = _source(desk, words)
        with st.container(key="data-check"):
            _check(words, looked_at)


def looked_at(desk: Desk) -> Desk | None:
    """Return the uploaded files that are on show but not in use; None if there are none."""
    staged: Desk | None = st.session_state.get(_STAGED)
    on_show = st.session_state.get("source") == "upload" and st.session_state.get("files")
    return (
        staged if staged is not None and on_show and staged.inputs.key != desk.inputs.key else None
    )


def leave(desk: Desk, words: Words) -> bool:
    """Take files along that were looked at but are not in use; for the button that goes on.

    Returns
    -------
    bool
        False if there are none, and going on is all there is to do. Files that cannot be planned
        with yet keep the planner here, who would else go on with other data unawares.
    """
    staged = looked_at(desk)
    if staged is None:
        return False
    if staged.county is None:
        st.toast(words("files_not_ready"))
    else:
        _use(desk, staged)
    return True


def _source(desk: Desk, words: Words) -> Desk:
    """Show the choice of data; return the desk whose files are on show."""
    st.html(panels.heading(words("data_source")))
    in_use = "sample" if desk.is_sample else "upload"
    source = st.segmented_control(
        words("data_source"),
        ["sample", "upload", "project"],
        default=in_use,
        required=True,
        format_func=lambda one: words(f"data_{one}"),
        key="source",
        label_visibility="collapsed",
        width="stretch",
    )
    if source == "sample":
        return _sample(desk, words)
    if source == "project":
        return _project(desk, words)
    return _uploaded(desk, words)


def _project(desk: Desk, words: Words) -> Desk:
    """Offer the project file, to be taken away and brought back."""
    project = session.saved().project
    st.html(panels.quiet(words("project_note")))
    if project is not None:
        st.download_button(
            words("project_download"),
            project.snapshot,
            words("project_name"),
            "application/geopackage+sqlite3",
            key="project download",
            on_click="ignore",
            icon=":material/download:",
        )
    _own_projects(words)
    file = st.file_uploader(words("project_open"), type=["gpkg"], key="project file")
    if file is not None and st.button(words("project_use"), key="project use", type="primary"):
        if session.reopen(file.getvalue()):
            session.go("adjust")
            st.rerun()
        st.html(panels.fault_box(desk.faults, words, heading="project_faults"))
        desk.faults = ()
    return desk


def _own_projects(words: Words) -> None:
    """Offer the projects of whoever is signed in; without a login nobody is told of any."""
    own = {one.key: one for one in session.projects()}
    if not own:
        return
    keys = list(own)
    chosen = st.selectbox(
        words("own_projects"),
        keys,
        format_func=lambda key: words(
            "own_project", name=own[key].name, at=f"{own[key].at:%Y-%m-%d %H:%M}"
        ),
        key="own projects",
    )
    st.button(
        words("own_project_open"),
        key="own project open",
        disabled=chosen == session.saved().key,
        on_click=session.open_own,
        args=(chosen,),
    )


def _sample(desk: Desk, words: Words) -> Desk:
    st.html(panels.quiet(words("sample_note")))
    if desk.is_sample:
        st.html(_in_use(desk, words))
        return desk
    sample = Desk.of(Inputs())
    st.button(words("use_sample"), key="use", type="primary", on_click=_use, args=(desk, sample))
    return sample


def _uploaded(desk: Desk, words: Words) -> Desk:
    files = st.file_uploader(
        words("upload_files"),
        type=list(uploads.TYPES),
        accept_multiple_files=True,
        key="files",
        help=words("upload_help"),
    )
    st.download_button(
        message("template.download", words.language),
        partial(empty_template, words.language),
        message("template.download_name", words.language),
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        key="template",
        type="tertiary",
        on_click="ignore",
        icon=":material/download:",
        help=message("template.download_help", words.language),
    )
    if not files:
        if desk.is_sample:
            st.html(panels.quiet(words("upload_first")))
        else:
            st.html(_in_use(desk, words))
        return desk
    contents = [(file.name, file.getvalue()) for file in files]
    staged = _stage(words, contents)
    if staged is None:
        return desk
    if staged.inputs.key == desk.inputs.key:
        st.html(_in_use(desk, words))
        return desk
    st.button(
        words("use_files"),
        key="use",
        width="stretch",
        disabled=staged.county is None,
        on_click=_use,
        args=(desk, staged),
        help=words("use_files_help"),
    )
    return staged


def _stage(words: Words, files: list[uploads.File]) -> Desk | None:
    """Return a desk with uploaded files; the same one as long as files and roles stay."""
    roles = _roles(words, files)
    try:
        upload = uploads.gather(files, roles)
    except FaultsError as cause:
        if st.session_state.pop(_STAGED, None) is not None:
            st.rerun()
        st.html(panels.fault_box(cause.faults, words, heading="upload_faults"))
        return None
    of = upload.inputs.key, upload.settings, upload.decisions
    staged: Desk | None = st.session_state.get(_STAGED)
    if staged is None or st.session_state.get(_STAGED_OF) != of:
        with st.spinner(words("reading")):
            staged = Desk.of(upload.inputs, upload.settings, upload.decisions)
        st.session_state[_STAGED], st.session_state[_STAGED_OF] = staged, of
        # The bar above speaks of them, too.
        st.rerun()
    return staged


def _roles(words: Words, files: list[uploads.File]) -> dict[str, uploads.Role]:
    """Show what each file is for and return it."""
    content = {safe_name(name): data for name, data in files}
    roles: dict[str, uploads.Role] = {}
    for name in dict.fromkeys(uploads.shown_files(files)):
        with st.container(key=f"file-{len(roles)}", horizontal=True, vertical_alignment="center"):
            st.html(markup(new("div", name, class_="file-name", title=name)))
            roles[name] = st.selectbox(
                words("file_role", file=plain(name)),
                uploads.ROLES,
                index=uploads.ROLES.index(uploads.guess_role(name, content[name])),
                format_func=lambda role: words(f"role_{role}"),
                key=f"role {name}",
                label_visibility="collapsed",
                width=104,
            )
    return roles


def _use(desk: Desk, other: Desk) -> None:
    desk.take(other)
    st.session_state.pop(_STAGED, None)
    for key in ("rules base", "relaxed"):
        st.session_state.pop(key, None)
    session.go("villages")


def _in_use(desk: Desk, words: Words) -> str:
    """Return what is in use: how much, and the files it came from."""
    box = new("div", class_="in-use")
    if desk.county is None:
        return markup(box)
    count = words("in_use_count", villages=len(desk.county.villages), townships=len(desk.townships))
    add(box, "div", words("in_use"), class_="heading")
    add(box, "div", count)
    listed = add(box, "ul")
    for source in desk.county.villages.sources:
        entry = add(listed, "li")
        add(entry, "span", words(f"role_{source.role}"), class_="role")
        add(entry, "span", source.path, class_="file-name", title=source.path)
    return markup(box)


def _check(words: Words, desk: Desk) -> None:
    try:
        findings = desk.findings()
    except FaultsError as cause:
        st.html(panels.fault_box(cause.faults, words, heading="upload_faults"))
        return
    if desk.faults and findings.ok:
        st.html(panels.fault_box(desk.faults, words, heading="upload_faults"))
    checkup.show(words, desk, findings)
